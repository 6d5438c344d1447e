"""Read HTTP requests: headers, bodies, encodings, within their bounds."""
