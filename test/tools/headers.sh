#!/bin/sh
# Every public header compiles alone and twice, as C99 and as C++; CC and CXX say by what. In C++ a
# function may have the name of a struct, as in C, and only -Wshadow minds.
set -u
cd "$(dirname "$0")/../.." || exit 2
warn="-Wall -Wextra -Wconversion -Wpedantic -Werror -Iinclude -fsyntax-only"
status=0
for header in include/adit/*.h; do
	name=${header#include/}
	text=$(printf '#include "%s"\n#include "%s"\ntypedef int unit;\n' "$name" "$name")
	# shellcheck disable=SC2086
	printf '%s\n' "$text" | ${CC:-gcc} -std=c99 -Wshadow $warn -x c - || status=1
	# shellcheck disable=SC2086
	printf '%s\n' "$text" | ${CXX:-g++} -std=c++11 $warn -x c++ - || status=1
done
# shellcheck disable=SC2012
[ $status = 0 ] && echo "headers: $(ls include/adit/*.h | wc -l), each alone as C99 and as C++"
exit $status
