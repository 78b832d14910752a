dnl SPDX-License-Identifier: GPL-2.0-or-later
dnl
dnl MMSCOPE_CFLAG(VARIABLE, FLAGS): appends FLAGS to VARIABLE when the compiler takes them
dnl without a word, compiling and linking. -Werror, since clang only warns of a flag that
dnl it does not know.
AC_DEFUN([MMSCOPE_CFLAG], [
	AC_MSG_CHECKING([whether $CC takes $2])
	mmscope_saved_CFLAGS=$CFLAGS
	CFLAGS="$CFLAGS $2 -Werror"
	AC_LINK_IFELSE([AC_LANG_SOURCE([[int main(void) { return 0; }]])],
		[AC_MSG_RESULT([yes]); AS_VAR_APPEND([$1], [" $2"])],
		[AC_MSG_RESULT([no])])
	CFLAGS=$mmscope_saved_CFLAGS
])

dnl MMSCOPE_LDFLAG(VARIABLE, FLAGS): the same for the linker alone.
AC_DEFUN([MMSCOPE_LDFLAG], [
	AC_MSG_CHECKING([whether the linker takes $2])
	mmscope_saved_LDFLAGS=$LDFLAGS
	LDFLAGS="$LDFLAGS $2"
	AC_LINK_IFELSE([AC_LANG_SOURCE([[int main(void) { return 0; }]])],
		[AC_MSG_RESULT([yes]); AS_VAR_APPEND([$1], [" $2"])],
		[AC_MSG_RESULT([no])])
	LDFLAGS=$mmscope_saved_LDFLAGS
])

dnl MMSCOPE_NEED(PREFIX, MODULE, DEBIAN PACKAGE): a library that must be there. What is
dnl missing is collected, so that one run of configure names all of it.
AC_DEFUN([MMSCOPE_NEED], [
	PKG_CHECK_MODULES([$1], [$2], [], [
		AC_MSG_WARN([$2 is missing (Debian package: $3)])
		AS_VAR_APPEND([mmscope_missing], [" $3"])
	])
])
