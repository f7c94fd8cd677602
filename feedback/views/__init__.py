"""The pages of feedback: lists, recording and changing, one record with its verbs."""
