/* The version, in one place; semantic versioning. */
#ifndef ADIT_VERSION_H
#define ADIT_VERSION_H

#define ADIT_VERSION "0.1.0"

#endif
