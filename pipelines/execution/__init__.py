"""Where fits run: local processes, or a Dask cluster, behind one interface."""
