/* A word to the processor that memory will be read soon, where the compiler has one. */
#ifndef ADIT_BASE_PREFETCH_H
#define ADIT_BASE_PREFETCH_H

#if defined(__GNUC__)
#define ADIT_PREFETCH(p) __builtin_prefetch(p)
#else
#define ADIT_PREFETCH(p) ((void)(p))
#endif

#endif
