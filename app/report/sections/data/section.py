"""The section about the data: one for images, and one for tables."""

from app.report.findings import Findings
from app.report.sections.data.images.section import ImagesSection, images_section
from app.report.sections.data.tables.section import TableSection, table_section


def data_section(findings: Findings) -> ImagesSection | TableSection:
    """Look through the rows and labels; `data_<kind of rows>.html.j2` shows what is found."""
    if findings.data.schema is None:
        return images_section(findings)
    return table_section(findings, findings.data.schema)
