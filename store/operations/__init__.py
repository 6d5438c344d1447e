"""Operations: checked, priced, written in bulk, listed and paged."""
