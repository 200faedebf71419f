"""What of a case does somebody see who reads it over the service? From a judged outcome to plain rows.

    sheet     a judged outcome as one table of columns: what any reader could ever be shown, and nothing else
    sight     how finely a reader sees each row: the ladder, consent, terms of sources, publication, in one function
    view      what one reader sees of a sheet, once for all questions
    asked     filters: each a question about what the reader sees, never about what lies behind it

What a reader is told is worked out from what that reader sees: so no filter, count, order or page can tell more.
"""
