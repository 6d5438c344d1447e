"""Reports: compositions of questions to the aggregation engine, without any SQL of their own."""
