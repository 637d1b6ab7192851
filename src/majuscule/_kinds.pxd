# Kinds of tokens; `majuscule.text.Kind` gives them their names, and a test
# holds the two equal.
cdef enum:
    WORD = 1
    INITIAL = 2
    NUMBER = 3
    MIXTURE = 4
    PERIOD = 5
    COMMA = 6
    COLON = 7
    TERMINAL = 8
    APOSTROPHE = 9
    QUOTE = 10
    OPENING = 11
    CLOSING = 12
    HYPHEN = 13
    DASH = 14
    SLASH = 15
    CURRENCY = 16
    PERCENT = 17
    SYMBOL = 18
    SIGN = 19
    # Roles only: a word, or one letter, where a sentence may begin.
    FIRST_WORD = 20
    FIRST_INITIAL = 21
