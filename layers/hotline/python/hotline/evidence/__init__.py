"""Evidence: pictures that a customer sends for a refund in review, from the link to the case."""
