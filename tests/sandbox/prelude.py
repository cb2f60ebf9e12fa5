# What every attempt of tests/sandbox/escapes_*.txt may use. An attempt prints a line "ESCAPED ..." if
# something worked that must not, and at least one line "blocked ..." (or is killed as its head says).
import ctypes, os, signal, socket, stat, subprocess, sys, threading, time

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long


# Any outcome but an error is an escape.
def attempt(what, function, *args, **named):
    try:
        result = function(*args, **named)
    except BaseException as error:
        print('blocked', what, type(error).__name__, error, flush=True)
    else:
        print('ESCAPED', what, repr(result)[:200], flush=True)


def verdict(what, escaped):
    print('ESCAPED' if escaped else 'blocked', what, flush=True)


def native(name, *args):
    ctypes.set_errno(0)
    result = libc[name](*[ctypes.c_long(a) if type(a) is int else a for a in args])
    if result == -1:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


# A system call by its numbers on x86-64 and on 64-bit ARM.
def number(x86, arm, *args):
    return native('syscall', x86 if os.uname().machine == 'x86_64' else arm, *args)


