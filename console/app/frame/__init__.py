"""The frame of the window: banner, rail, docks, faceplate, strip, palette, horn; it joins views and station."""
