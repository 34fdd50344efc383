/* Relations of constants, checked when compiled. */
#ifndef ADIT_BASE_CHECK_H
#define ADIT_BASE_CHECK_H

/* At file scope: does not compile where cond is false. */
#define ADIT_CHECK(name, cond) typedef char adit_check_##name[(cond) ? 1 : -1]

#endif
