"""The protocols as others understand them: audits and clients that somebody else wrote."""
