# SPDX-License-Identifier: Apache-2.0
"""Block formats of GGUF tensors in NumPy: decoding to float64, and plain encoders (round to
nearest, no search) that are good enough to make test models."""
import numpy as np


def _f16(raw):
    return np.ascontiguousarray(raw).view("<f2").astype(np.float64)


def decode_f32(data):
    return data.view("<f4").astype(np.float64)


def decode_f16(data):
    return _f16(data)


def decode_bf16(data):
    return (data.view("<u2").astype(np.uint32) << 16).view("<f4").astype(np.float64)


def decode_q8_0(data):
    blocks = data.reshape(-1, 34)
    return (_f16(blocks[:, :2]) * blocks[:, 2:].view(np.int8)).reshape(-1)


def decode_q4_0(data):
    blocks = data.reshape(-1, 18)
    nibbles = blocks[:, 2:].astype(np.int64)
    q = np.concatenate([nibbles & 15, nibbles >> 4], axis=1) - 8
    return (_f16(blocks[:, :2]) * q).reshape(-1)


def _q4_k_scales(packed):
    """12 bytes -> eight 6-bit scales and eight 6-bit minima."""
    s = packed.astype(np.int64)
    scales = np.concatenate([s[:, 0:4] & 63, (s[:, 8:12] & 15) | (s[:, 0:4] >> 6) << 4], axis=1)
    minima = np.concatenate([s[:, 4:8] & 63, (s[:, 8:12] >> 4) | (s[:, 4:8] >> 6) << 4], axis=1)
    return scales, minima


def decode_q4_k(data):
    blocks = data.reshape(-1, 144)
    d, dmin = _f16(blocks[:, 0:2]), _f16(blocks[:, 2:4])
    scales, minima = _q4_k_scales(blocks[:, 4:16])
    nibbles = blocks[:, 16:].reshape(-1, 4, 1, 32).astype(np.int64)
    q = np.concatenate([nibbles & 15, nibbles >> 4], axis=2).reshape(-1, 8, 32)
    return ((d * scales)[:, :, None] * q - (dmin * minima)[:, :, None]).reshape(-1)


def decode_q6_k(data):
    blocks = data.reshape(-1, 210)
    low = blocks[:, 0:128].reshape(-1, 2, 2, 32).astype(np.int64)  # half, 32-column, byte
    high = blocks[:, 128:192].reshape(-1, 2, 1, 32).astype(np.int64)
    scales = blocks[:, 192:208].view(np.int8).astype(np.float64)
    shifts = np.arange(4).reshape(1, 1, 4, 1) * 2
    q = np.concatenate([low & 15, low >> 4], axis=2) | ((high >> shifts) & 3) << 4
    q = q.reshape(-1, 16, 16) - 32
    return ((_f16(blocks[:, 208:210]) * scales)[:, :, None] * q).reshape(-1)


DECODE = {
    "F32": decode_f32,
    "F16": decode_f16,
    "BF16": decode_bf16,
    "Q8_0": decode_q8_0,
    "Q4_0": decode_q4_0,
    "Q4_K": decode_q4_k,
    "Q6_K": decode_q6_k,
}


def decode(kind, shape, data):
    return DECODE[kind](np.ascontiguousarray(data)).reshape(shape)


def _safe_inverse(d):
    return np.divide(1.0, d, out=np.zeros_like(d), where=d != 0)


def _half(d):
    """Rounds to f16; returns the bytes as columns and the rounded values."""
    half = np.asarray(d).astype("<f2")
    return half.reshape(-1, 1).view(np.uint8), half.astype(np.float64).reshape(-1, 1)


def encode_f32(x):
    return x.astype("<f4").tobytes()


def encode_f16(x):
    return x.astype("<f2").tobytes()


def encode_bf16(x):
    bits = x.astype("<f4").view("<u4")
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype("<u2").tobytes()


def encode_q8_0(x):
    blocks = x.reshape(-1, 32)
    raw, d = _half(np.abs(blocks).max(axis=1) / 127)
    q = np.rint(blocks * _safe_inverse(d)).clip(-127, 127).astype(np.int8)
    return np.concatenate([raw, q.view(np.uint8)], axis=1).tobytes()


def encode_q4_0(x):
    blocks = x.reshape(-1, 32)
    peak = np.take_along_axis(blocks, np.abs(blocks).argmax(axis=1)[:, None], axis=1)[:, 0]
    raw, d = _half(peak / -8)
    q = (np.rint(blocks * _safe_inverse(d)) + 8).clip(0, 15).astype(np.uint8)
    return np.concatenate([raw, q[:, :16] | q[:, 16:] << 4], axis=1).tobytes()


def encode_q4_k(x):
    blocks = x.reshape(-1, 8, 32)
    low = np.minimum(blocks.min(axis=2), 0.0)
    step = (blocks.max(axis=2) - low) / 15
    raw_d, d = _half(step.max(axis=1) / 63)
    raw_m, dmin = _half((-low).max(axis=1) / 63)
    scales = np.rint(step * _safe_inverse(d)).clip(0, 63).astype(np.uint8)
    minima = np.rint(-low * _safe_inverse(dmin)).clip(0, 63).astype(np.uint8)
    unit, shift = (d * scales)[:, :, None], (dmin * minima)[:, :, None]
    q = np.rint((blocks + shift) * _safe_inverse(unit)).clip(0, 15).astype(np.uint8)
    packed = np.concatenate(
        [
            scales[:, :4] | (scales[:, 4:] >> 4) << 6,
            minima[:, :4] | (minima[:, 4:] >> 4) << 6,
            (scales[:, 4:] & 15) | (minima[:, 4:] & 15) << 4,
        ],
        axis=1,
    )
    pairs = q.reshape(-1, 4, 2, 32)
    nibbles = (pairs[:, :, 0] | pairs[:, :, 1] << 4).reshape(-1, 128)
    return np.concatenate([raw_d, raw_m, packed, nibbles], axis=1).tobytes()


def encode_q6_k(x):
    blocks = x.reshape(-1, 16, 16)
    peak = np.take_along_axis(blocks, np.abs(blocks).argmax(axis=2)[:, :, None], axis=2)[:, :, 0]
    step = peak / -32
    raw_d, d = _half(np.abs(step).max(axis=1) / 127)
    scales = np.rint(step * _safe_inverse(d)).clip(-128, 127).astype(np.int8)
    unit = (d * scales)[:, :, None]
    q = (np.rint(blocks * _safe_inverse(unit)) + 32).clip(0, 63).astype(np.uint8)
    quarters = q.reshape(-1, 2, 4, 32)  # half, 32-column of it
    low = (quarters[:, :, 0:2] & 15) | (quarters[:, :, 2:4] & 15) << 4
    top = quarters >> 4
    high = top[:, :, 0] | top[:, :, 1] << 2 | top[:, :, 2] << 4 | top[:, :, 3] << 6
    parts = [low.reshape(-1, 128), high.reshape(-1, 64), scales.view(np.uint8), raw_d]
    return np.concatenate(parts, axis=1).tobytes()


ENCODE = {
    "F32": encode_f32,
    "F16": encode_f16,
    "BF16": encode_bf16,
    "Q8_0": encode_q8_0,
    "Q4_0": encode_q4_0,
    "Q4_K": encode_q4_k,
    "Q6_K": encode_q6_k,
}
