"""What a person looks at: the report, the draw-a-digit page, the dashboard."""
