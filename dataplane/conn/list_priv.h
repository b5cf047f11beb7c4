/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rings of members: a connection stands in several at once, and leaves each in O(1). */
#ifndef CONN_LIST_PRIV_H
#define CONN_LIST_PRIV_H

#include <stdbool.h>
#include <stddef.h>

/* A member that stands nowhere has next == NULL. A list's head is a ring of its own when empty. */
struct list {
	struct list *next;
	struct list *prev;
};

static inline void list_init(struct list *head)
{
	head->next = head->prev = head;
}

static inline bool list_empty(const struct list *head)
{
	return head->next == head;
}

static inline bool list_in(const struct list *member)
{
	return member->next != NULL;
}

static inline void list_append(struct list *head, struct list *member)
{
	member->next = head;
	member->prev = head->prev;
	head->prev->next = member;
	head->prev = member;
}

/* One that stands nowhere may be taken out again. */
static inline void list_remove(struct list *member)
{
	if (!list_in(member))
		return;
	member->prev->next = member->next;
	member->next->prev = member->prev;
	member->next = member->prev = NULL;
}

#define list_owner(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

#endif
