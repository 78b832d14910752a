/* SPDX-License-Identifier: GPL-2.0-or-later
 * Two spellings of one function, the compiler's and the demangler's, come to the same; two
 * functions do not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "mmscope/alloc.h"
#include "src/frames/spelling.h"

static const struct {
	const char *compiler, *demangler, *name;
	size_t parameters;
} pairs[] = {
	{ "main", "main", "main", 0 },
	{ "cp.constprop", "cp.constprop.0", "cp.constprop", 0 },
	{ "int f()", "f()", "f", 0 },
	{ "int cp(int, int)", "cp(int, int) [clone .constprop.0]", "cp", 2 },
	{ "static int ns::C::s(void (*)(int), long long unsigned int, const ns::C&)",
	  "ns::C::s(void (*)(int), unsigned long long, ns::C const&)", "ns::C::s", 3 },
	{ "T ns::g(T) [with T = long int]", "long ns::g<long>(long)", "ns::g", 1 },
	{ "void ns::Box<T, N>::put(T) [with T = int; int N = 3]", "ns::Box<int, 3>::put(int)",
	  "ns::Box::put", 1 },
	{ "virtual ns::C::~C()", "ns::C::~C()", "ns::C::~C", 0 },
	{ "ns::C::operator long unsigned int() const", "ns::C::operator unsigned long() const",
	  "ns::C::operator type", 0 },
	{ "T ns::Box<T, N>::operator[](int) const [with T = int; int N = 3]",
	  "ns::Box<int, 3>::operator[](int) const", "ns::Box::operator[]", 1 },
	{ "void ns::F::operator()(int, char)", "ns::F::operator()(int, char)",
	  "ns::F::operator()", 2 },
	{ "S& operator<<(S&, const T&) [with T = int]", "S& operator<< <int>(S&, int const&)",
	  "operator<<", 2 },
	{ "C& C::operator->()", "C::operator->()", "C::operator->", 0 },
	{ "void* operator new [](std::size_t)", "operator new[](unsigned long)", "operator new", 1 },
	{ "int {anonymous}::hidden(int)", "(anonymous namespace)::hidden(int)",
	  "{anonymous}::hidden", 1 },
	{ "lambdas(int)::<lambda(int)>", "lambdas(int)::{lambda(int)#1}::operator()(int) const",
	  "lambdas::{lambda}", 1 },
	{ "std::string str(std::vector<std::__cxx11::basic_string<char> >, std::string)",
	  "str[abi:cxx11](std::vector<std::__cxx11::basic_string<char, std::char_traits<char>, "
	  "std::allocator<char> >, std::allocator<int> >, std::__cxx11::basic_string<char>)",
	  "str", 2 },
	{ "int operators(int)", "operators(int)", "operators", 1 },
};

static void pairs_meet(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		struct spelling a, b;

		spelling_parse(pairs[i].compiler, &a);
		spelling_parse(pairs[i].demangler, &b);
		assert_string_equal(a.name, pairs[i].name);
		assert_string_equal(b.name, pairs[i].name);
		assert_int_equal(b.parameters, pairs[i].parameters);
		if (a.declared)
			assert_int_equal(a.parameters, pairs[i].parameters);
		free(a.name);
		free(b.name);
	}
}

/* Brackets that nobody closes, signs where none belong: an end, and no name that fits. */
static void nonsense_ends(void **state)
{
	static const char *const texts[] = {
		"", "(", ")", "<", "f(", "f<", "operator", "operator(", "operator ", "{lambda(",
		"<lambda(int", "f(a<b", "::", " ", "f()::", "f() const", "[", ">)}]", "f(->)",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct spelling s;

		spelling_parse(texts[i], &s);
		assert_non_null(s.name);
		free(s.name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pairs_meet),
		cmocka_unit_test(nonsense_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
