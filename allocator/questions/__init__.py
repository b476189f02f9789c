"""Going on from a plan, one question a file: what if, whom instead, a refusal, who is critical, the year after."""
