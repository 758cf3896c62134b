"""What leaves the station as a document: audit exports with their proof."""
