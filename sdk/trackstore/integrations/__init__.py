"""Integrations with frameworks and libraries; each module needs only the library it is named after."""
