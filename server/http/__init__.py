"""Read HTTP requests within their bounds: headers, bodies, encodings."""
