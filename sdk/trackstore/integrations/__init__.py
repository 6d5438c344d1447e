"""What ties Trackstore to frameworks and libraries; each module needs only what it is named after."""
