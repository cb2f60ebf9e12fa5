/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of the first program of a jail (init/jail_init.cc), carried inside this library. */
    .section .rodata
    .global lemma_jail_init_begin
    .global lemma_jail_init_end
    .balign 16
lemma_jail_init_begin:
    .incbin LEMMA_JAIL_INIT
lemma_jail_init_end:
    .byte 0
    .section .note.GNU-stack,"",%progbits
