"""The only random numbers there are: a pure function of who, what for and which one.

`block(key, person, relationship, purpose, index)` gives four words of 32 bits from Philox4x32-10
(Salmon, Moraes, Dror and Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3"), a published
counter-based generator. Neither the option, the parameters, the engine nor the worker is in the
key, so every option meets the same people with the same luck.

The logarithm, the exponential and the normal quantile are written here with + - * / and sqrt
alone, because those of the maths library differ in the last bit between processors.
"""

from __future__ import annotations

import numpy as np

from dapp_model.compiled import compiled, compiled_inline

_MASK = np.uint64(0xFFFFFFFF)
_M0 = np.uint64(0xD2511F53)
_M1 = np.uint64(0xCD9E8D57)
_W0 = np.uint64(0x9E3779B9)
_W1 = np.uint64(0xBB67AE85)
_SHIFT = np.uint64(32)

# Purposes: what a random number is for. A new purpose takes a new number; none is ever reused.
(
    ENTRY,
    PERSON,
    PERSON_NEEDS,
    PERSON_EXIT,
    CASE,
    CASE_TIMES,
    CASE_FAMILY,
    FIELD,
    MARKS,
    OBSERVATION,
    RESPONSE,
    FOLLOWING,
    JUSTICE,
    SENTENCE,
    CHILD,
    ROUTES,
    HEARING,
    CONTACT,
    PATHWAY,
    SUPPORT,
) = range(1, 21)


@compiled_inline
def philox(c0, c1, c2, c3, k0, k1):
    """Apply ten rounds of Philox4x32 to a counter of four and a key of two 32-bit words.

    The rounds stand one below the other, because a loop around them would keep the compiler from
    drawing several blocks with one instruction.
    """
    x = np.uint64(c0), np.uint64(c1), np.uint64(c2), np.uint64(c3)
    key = np.uint64(k0), np.uint64(k1)
    x = _round(x, key, 0)
    x = _round(x, key, 1)
    x = _round(x, key, 2)
    x = _round(x, key, 3)
    x = _round(x, key, 4)
    x = _round(x, key, 5)
    x = _round(x, key, 6)
    x = _round(x, key, 7)
    x = _round(x, key, 8)
    return _round(x, key, 9)


@compiled_inline
def _round(x, key, number):
    """Apply one round; its key is the first round's, with `number` Weyl steps added."""
    n = np.uint64(number)
    p0 = _M0 * x[0]
    p1 = _M1 * x[2]
    return (
        (p1 >> _SHIFT) ^ x[1] ^ ((key[0] + n * _W0) & _MASK),
        p1 & _MASK,
        (p0 >> _SHIFT) ^ x[3] ^ ((key[1] + n * _W1) & _MASK),
        p0 & _MASK,
    )


@compiled
def stream_key(seed, replicate):
    """Turn a seed and a replicate number (each 0 to 2**62) into the key of a whole replicate."""
    s, r = np.uint64(seed), np.uint64(replicate)
    w = philox(s & _MASK, s >> _SHIFT, r & _MASK, r >> _SHIFT, 0x44415050, 0x53555252)
    return np.int64((w[0] << np.uint64(30)) ^ w[1])


@compiled
def block(key, person, relationship, purpose, index):
    """Return four independent uniform 32-bit words for one purpose."""
    return block_here(key, person, relationship, purpose, index)


@compiled_inline
def block_here(key, person, relationship, purpose, index):
    """Return the same as `block`, compiled into its caller: for loops over many blocks."""
    k = np.uint64(key)
    who = np.uint64(person)
    what = (np.uint64(relationship) << np.uint64(16)) | np.uint64(purpose)
    return philox(who & _MASK, who >> _SHIFT, what, np.uint64(index), k & _MASK, k >> _SHIFT)


@compiled
def unit(word):
    """Return the midpoint in (0, 1) of a 32-bit word's cell."""
    return (np.float64(word) + 0.5) * 2.3283064365386963e-10


@compiled
def log(x):
    """Natural logarithm of a positive, finite, normal number (within 1 ulp of libm)."""
    return log_here(x)


@compiled_inline
def log_here(x):
    """Return the same as `log`, compiled into its caller: for loops over many logarithms."""
    # Split x into m * 2**k with m in [sqrt(1/2), sqrt(2)), by its bits.
    bits = np.float64(x).view(np.int64)
    k = (bits >> 52) - 1023
    m = np.int64((bits & 0xFFFFFFFFFFFFF) | 0x3FF0000000000000).view(np.float64)
    if m >= 1.4142135623730951:
        m = m * 0.5
        k = k + 1
    f = m - 1.0
    s = f / (2.0 + f)
    z = s * s
    w = z * z
    t1 = w * (0.3999999999940941908 + w * (0.2222219843214978396 + w * 0.1531383769920937332))
    t2 = z * (
        0.6666666666666735130
        + w * (0.2857142874366239149 + w * (0.1818357216161805012 + w * 0.1479819860511658591))
    )
    r = t2 + t1
    half = 0.5 * f * f
    dk = np.float64(k)
    return dk * 6.93147180369123816490e-01 - (
        (half - (s * (half + r) + dk * 1.90821492927058770002e-10)) - f
    )


@compiled
def exp(x):
    """Exponential of a number within +-690, exactly 1 at 0; 0 below, no overflow above."""
    if x == 0.0:
        return 1.0
    if x < -690.0:
        return 0.0
    if x > 690.0:
        x = 690.0
    k = np.int64(x * 1.4426950408889634 + (0.5 if x > 0.0 else -0.5))
    dk = np.float64(k)
    hi = x - dk * 6.93147180369123816490e-01
    lo = dk * 1.90821492927058770002e-10
    r = hi - lo
    t = r * r
    c = r - t * (
        1.66666666666666019037e-01
        + t
        * (
            -2.77777777770155933842e-03
            + t
            * (
                6.61375632143793436117e-05
                + t * (-1.65339022054652515390e-06 + t * 4.13813679705723846039e-08)
            )
        )
    )
    y = 1.0 - ((lo - (r * c) / (2.0 - c)) - hi)
    # 2**k from its bits: exact, and no table that the compiler would copy at each call.
    return y * np.int64((k + 1023) << 52).view(np.float64)


@compiled_inline
def is_central(q):
    """Say whether `quantile_centre` knows the standard normal quantile of q + 0.5."""
    return abs(q) <= 0.425


@compiled_inline
def quantile_centre(q):
    """Return the standard normal quantile of q + 0.5 where q is central.

    Compiled into its caller: for loops over many quantiles.
    """
    r = 0.180625 - q * q
    num = (
        (
            (
                (
                    (
                        (2.5090809287301226727e3 * r + 3.3430575583588128105e4) * r
                        + 6.7265770927008700853e4
                    )
                    * r
                    + 4.5921953931549871457e4
                )
                * r
                + 1.3731693765509461125e4
            )
            * r
            + 1.9715909503065514427e3
        )
        * r
        + 1.3314166789178437745e2
    ) * r + 3.3871328727963666080e0
    den = (
        (
            (
                (
                    (
                        (5.2264952788528545610e3 * r + 2.8729085735721942674e4) * r
                        + 3.9307895800092710610e4
                    )
                    * r
                    + 2.1213794301586595867e4
                )
                * r
                + 5.3941960214247511077e3
            )
            * r
            + 6.8718700749205790830e2
        )
        * r
        + 4.2313330701600911252e1
    ) * r + 1.0
    return q * num / den


@compiled
def normal_quantile(u):
    """Standard normal quantile of u in (0, 1): algorithm AS 241 (Wichura 1988), 16 figures."""
    q = u - 0.5
    if is_central(q):
        return quantile_centre(q)
    r = u if q < 0.0 else 1.0 - u
    r = np.sqrt(-log(r))
    if r <= 5.0:
        r = r - 1.6
        num = (
            (
                (
                    (
                        (
                            (7.74545014278341407640e-4 * r + 2.27238449892691845833e-2) * r
                            + 2.41780725177450611770e-1
                        )
                        * r
                        + 1.27045825245236838258e0
                    )
                    * r
                    + 3.64784832476320460504e0
                )
                * r
                + 5.76949722146069140550e0
            )
            * r
            + 4.63033784615654529590e0
        ) * r + 1.42343711074968357734e0
        den = (
            (
                (
                    (
                        (
                            (1.05075007164441684324e-9 * r + 5.47593808499534494600e-4) * r
                            + 1.51986665636164571966e-2
                        )
                        * r
                        + 1.48103976427480074590e-1
                    )
                    * r
                    + 6.89767334985100004550e-1
                )
                * r
                + 1.67638483018380384940e0
            )
            * r
            + 2.05319162663775882187e0
        ) * r + 1.0
    else:
        r = r - 5.0
        num = (
            (
                (
                    (
                        (
                            (2.01033439929228813265e-7 * r + 2.71155556874348757815e-5) * r
                            + 1.24266094738807843860e-3
                        )
                        * r
                        + 2.65321895265761230930e-2
                    )
                    * r
                    + 2.96560571828504891230e-1
                )
                * r
                + 1.78482653991729133580e0
            )
            * r
            + 5.46378491116411436990e0
        ) * r + 6.65790464350110377720e0
        den = (
            (
                (
                    (
                        (
                            (2.04426310338993978564e-15 * r + 1.42151175831644588870e-7) * r
                            + 1.84631831751005468180e-5
                        )
                        * r
                        + 7.86869131145613259100e-4
                    )
                    * r
                    + 1.48753612908506148525e-2
                )
                * r
                + 1.36929880922735805310e-1
            )
            * r
            + 5.99832206555887937690e-1
        ) * r + 1.0
    return -num / den if q < 0.0 else num / den
