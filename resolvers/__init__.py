"""Root fields of Query and Mutation: authorise, call the store, convert."""
