"""The GraphQL vocabulary: types, inputs, enums, scalars and connections, and the committed SDL."""
