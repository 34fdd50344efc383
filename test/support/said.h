/* What a program prints, kept from the terminal and read by the test. */
#ifndef TEST_SUPPORT_SAID_H
#define TEST_SUPPORT_SAID_H

/* From here on standard output and error go to a file without a name, those of processes that are
 * started too. */
void said_begin(void);
/* They are as before; what was said, as far as it fits, until the next call. */
const char *said_end(void);

#endif
