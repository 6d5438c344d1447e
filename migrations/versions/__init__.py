"""The revisions, in order; each file is one step up and its way back down."""
