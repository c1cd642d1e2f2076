"""The work on a job: upload its devices, follow them to their outcome, wake what is overdue."""
