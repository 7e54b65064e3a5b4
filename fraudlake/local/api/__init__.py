"""The one front of the local cloud: requests in, calls judged and recorded, answers out."""
