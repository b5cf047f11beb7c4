/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sections of the model: what is said once for the whole instance.
 */
#ifndef CONFIG_SECTIONS_H
#define CONFIG_SECTIONS_H

#include "config/bounds.h"

#include <stdbool.h>
#include <stdint.h>

/* Opens every section and entry. Written by load and by the functions of entry.h only. */
struct config_head {
	uint32_t refs;                     /* of an entry: lists and callers that hold it; any thread */
	uint32_t given;                    /* bit i: the operator gave key i of the schema, not its default */
	uint32_t line;                     /* where it stood in the file; 0 = it came by a live change */
	uint8_t key_line[CONFIG_KEYS_MAX]; /* key i stood so many lines below that */
	bool broken; /* while loading: an error was reported, later checks keep off it */
};

struct config_instance {
	struct config_head head;
	char *name;
	char *key_file;         /* path; NULL = keys live as long as the process */
	uint16_t retry_after_s; /* in our own 503 */
};

struct config_memory {
	struct config_head head;
	uint8_t huge_pages; /* enum config_huge_pages */
	uint32_t memory_mb; /* 0 = as much as the pools need */
};

struct config_workers {
	struct config_head head;
	uint16_t count;
	uint16_t core_count;                /* 0 = the system chooses, else equal to count */
	uint16_t cores[CONFIG_WORKERS_MAX]; /* worker i runs on cores[i] */
	uint8_t idle;                       /* enum config_idle */
	uint16_t source_port_base;          /* worker i sends to nodes from UDP port base + i */
	uint32_t mbufs;                     /* packet buffers of each worker */
};

/* Of each worker, where nothing else is said. */
struct config_tcp {
	struct config_head head;
	uint32_t connections_max;
	uint32_t half_open_max;
	uint32_t time_wait_max;
	uint32_t memory_mb; /* packet buffers that all connections may pin; 0 = half of what is there */
	uint32_t window_bytes;
	uint32_t send_max_bytes;
	uint16_t port_first; /* the source ports of all workers together */
	uint16_t port_last;
	uint32_t connect_timeout_ms;
	uint32_t user_timeout_ms;
	uint32_t idle_timeout_ms;
	uint32_t keepalive_ms;
	uint32_t keepalive_every_ms;
	uint16_t keepalive_probes;
	uint32_t time_wait_ms;
	uint16_t node_connections;
	uint32_t open_timeout_ms;
	uint32_t message_timeout_ms;
	uint32_t messages_max;
};

struct config_transactions {
	struct config_head head;
	uint32_t max;                 /* of each worker; 0 = none are kept */
	uint32_t texts_mb;            /* of each worker; 0 = as much as `max` transactions need */
	uint16_t failover_timeout_ms; /* silence of a node until another is asked; 0 = for ever */
	uint32_t ringing_max_s;       /* an INVITE without a final response is cancelled after that */
};

struct config_probe {
	struct config_head head;
	uint8_t method;   /* enum config_probe_method */
	uint8_t failback; /* enum config_failback */
	uint16_t fall;    /* failures in a row that make a node down */
	uint16_t rise;    /* answers in a row that make it up */
	uint32_t interval_ms;
	uint32_t timeout_ms;
	uint32_t hold_ms; /* failback auto: how long a node stays up before new work returns to it */
	uint32_t retry_after_max_s; /* cap on the Retry-After of a probe's 503 */
};

struct config_control {
	struct config_head head;
	char *socket;  /* path of the unix socket */
	uint16_t mode; /* permission bits of the socket */
};

struct config_log {
	struct config_head head;
	uint8_t level;  /* enum config_log_level */
	uint32_t trace; /* bits of enum config_trace */
};

#endif
