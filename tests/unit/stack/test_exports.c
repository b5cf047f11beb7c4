/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the library shows to a process that loads it: the functions that stack_api.h declares, no more and no
 * less, and one instance made through nothing but dlsym(). Arguments: the library, the header.
 */
#include "support/stack_api.h"

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <regex.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <setjmp.h>

#include <cmocka.h>

enum { NAMES_MAX = 128, NAME_BYTES = 64 };

struct names {
	char at[NAMES_MAX][NAME_BYTES];
	size_t count;
};

static const char *library_path;
static const char *header_path;

static void add(struct names *names, const char *name, size_t len)
{
	assert_true(names->count < NAMES_MAX && len < NAME_BYTES);
	for (size_t i = 0; i < names->count; i++) {
		if (strlen(names->at[i]) == len && memcmp(names->at[i], name, len) == 0)
			return;
	}
	memcpy(names->at[names->count], name, len);
	names->at[names->count++][len] = '\0';
}

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void sort(struct names *names)
{
	qsort(names->at, names->count, sizeof(names->at[0]), compare);
}

static char *read_file(const char *path, size_t *ret_len)
{
	FILE *file = fopen(path, "rb");
	struct stat stat;
	char *bytes;

	assert_non_null(file);
	assert_int_equal(fstat(fileno(file), &stat), 0);
	bytes = calloc(1, (size_t)stat.st_size + 1);
	assert_non_null(bytes);
	*ret_len = fread(bytes, 1, (size_t)stat.st_size, file);
	assert_int_equal(*ret_len, stat.st_size);
	fclose(file);
	return bytes;
}

/* Declarations begin in the first column; mentions in comments do not. */
static void declared(struct names *names)
{
	size_t len;
	char *text = read_file(header_path, &len);
	regmatch_t match[2];
	regex_t line;

	assert_int_equal(
		regcomp(&line, "^[a-z][a-z0-9_ *]*[ *](stack_[a-z_]+)\\(", REG_EXTENDED | REG_NEWLINE), 0);
	for (const char *at = text; regexec(&line, at, 2, match, 0) == 0; at += match[0].rm_eo)
		add(names, at + match[1].rm_so, (size_t)(match[1].rm_eo - match[1].rm_so));
	regfree(&line);
	free(text);
	sort(names);
}

static void add_symbols(
	struct names *names, const char *bytes, const Elf64_Shdr *sections, const Elf64_Shdr *table)
{
	const char *strings = bytes + sections[table->sh_link].sh_offset;
	const Elf64_Sym *symbols = (const Elf64_Sym *)(const void *)(bytes + table->sh_offset);

	for (size_t i = 0; i < table->sh_size / sizeof(*symbols); i++) {
		const char *name = strings + symbols[i].st_name;
		if (symbols[i].st_shndx != SHN_UNDEF && ELF64_ST_BIND(symbols[i].st_info) != STB_LOCAL)
			add(names, name, strlen(name));
	}
}

static void exported(struct names *names)
{
	size_t len;
	char *bytes = read_file(library_path, &len);
	const Elf64_Ehdr *elf = (const Elf64_Ehdr *)(const void *)bytes;
	const Elf64_Shdr *sections;

	assert_true(len > sizeof(*elf) && memcmp(elf->e_ident, ELFMAG, SELFMAG) == 0);
	sections = (const Elf64_Shdr *)(const void *)(bytes + elf->e_shoff);
	for (unsigned i = 0; i < elf->e_shnum; i++) {
		if (sections[i].sh_type == SHT_DYNSYM)
			add_symbols(names, bytes, sections, &sections[i]);
	}
	free(bytes);
	sort(names);
}

static void the_library_shows_what_its_header_declares_and_nothing_else(void **state)
{
	static struct names header, library;

	(void)state;
	declared(&header);
	exported(&library);
	assert_true(header.count >= 20);
	for (size_t i = 0; i < header.count && i < library.count; i++)
		assert_string_equal(library.at[i], header.at[i]);
	assert_int_equal(library.count, header.count);
}

static void a_process_that_loads_it_can_use_it(void **state)
{
	void *library = dlopen(library_path, RTLD_NOW | RTLD_LOCAL);
	const struct stack_config config = {.addresses = {"192.0.2.1/24"}, .buffers = 255, .sockets_max = 4};
	struct stack *stack = NULL;
	int (*create)(const struct stack_config *, uint64_t, struct stack **);
	int (*make)(struct stack *, int, int);
	void (*destroy)(struct stack *);

	(void)state;
	assert_non_null(library);
	*(void **)&create = dlsym(library, "stack_create");
	*(void **)&make = dlsym(library, "stack_socket");
	*(void **)&destroy = dlsym(library, "stack_destroy");
	assert_true(create && make && destroy);
	assert_int_equal(create(&config, 1, &stack), 0);
	assert_int_equal(make(stack, AF_INET, SOCK_STREAM), 0);
	destroy(stack);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_library_shows_what_its_header_declares_and_nothing_else),
		cmocka_unit_test(a_process_that_loads_it_can_use_it),
	};

	if (argc != 3) {
		fprintf(stderr, "usage: test_exports LIBRARY HEADER\n");
		return 2;
	}
	library_path = argv[1];
	header_path = argv[2];
	return cmocka_run_group_tests_name("stack-exports", tests, NULL, NULL);
}
