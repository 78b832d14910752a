/* SPDX-License-Identifier: GPL-2.0-or-later
 * Found only when configure did not find the real one.
 */
#error "the tests need cmocka: apt-get install libcmocka-dev, then configure again"
