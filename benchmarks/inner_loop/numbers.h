/* Random numbers in C: Philox4x32-10 and the package's own log, exp and normal quantile, with the
   same operations in the same order (dapp_model/randomness.py). */

#ifndef NUMBERS_H
#define NUMBERS_H

#include <math.h>
#include <stdint.h>
#include <string.h>

typedef int64_t i64;
typedef uint64_t u64;
typedef uint32_t u32;

typedef struct { u32 a, b, c, d; } Block;

static inline Block philox(u32 x0, u32 x1, u32 x2, u32 x3, u32 k0, u32 k1)
{
    for (int i = 0; i < 10; i++) {
        u64 p0 = (u64)0xD2511F53u * x0, p1 = (u64)0xCD9E8D57u * x2;
        x0 = (u32)(p1 >> 32) ^ x1 ^ k0;
        x1 = (u32)p1;
        x2 = (u32)(p0 >> 32) ^ x3 ^ k1;
        x3 = (u32)p0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    return (Block){x0, x1, x2, x3};
}

static inline Block block(i64 key, i64 person, i64 rel, u32 purpose, i64 index)
{
    return philox((u32)person, (u32)((u64)person >> 32), (u32)rel << 16 | purpose, (u32)index,
                  (u32)key, (u32)((u64)key >> 32));
}

static inline double unit(u32 word) { return ((double)word + 0.5) * 2.3283064365386963e-10; }

static inline double bits_to_double(i64 bits) { double x; memcpy(&x, &bits, 8); return x; }
static inline i64 double_to_bits(double x) { i64 bits; memcpy(&bits, &x, 8); return bits; }

static inline double ln(double x)
{
    i64 bits = double_to_bits(x), k = (bits >> 52) - 1023;
    double m = bits_to_double((bits & 0xFFFFFFFFFFFFF) | 0x3FF0000000000000);
    if (m >= 1.4142135623730951) { m *= 0.5; k += 1; }
    double f = m - 1.0, s = f / (2.0 + f), z = s * s, w = z * z;
    double t1 = w * (0.3999999999940941908 + w * (0.2222219843214978396 + w * 0.1531383769920937332));
    double t2 = z * (0.6666666666666735130 + w * (0.2857142874366239149
                + w * (0.1818357216161805012 + w * 0.1479819860511658591)));
    double r = t2 + t1, half = 0.5 * f * f, dk = (double)k;
    return dk * 6.93147180369123816490e-01
           - ((half - (s * (half + r) + dk * 1.90821492927058770002e-10)) - f);
}

static inline double ex(double x)
{
    if (x == 0.0) return 1.0;
    if (x < -690.0) return 0.0;
    if (x > 690.0) x = 690.0;
    i64 k = (i64)(x * 1.4426950408889634 + (x > 0.0 ? 0.5 : -0.5));
    double dk = (double)k, hi = x - dk * 6.93147180369123816490e-01;
    double lo = dk * 1.90821492927058770002e-10, r = hi - lo, t = r * r;
    double c = r - t * (1.66666666666666019037e-01 + t * (-2.77777777770155933842e-03
               + t * (6.61375632143793436117e-05 + t * (-1.65339022054652515390e-06
               + t * 4.13813679705723846039e-08))));
    double y = 1.0 - ((lo - (r * c) / (2.0 - c)) - hi);
    return y * bits_to_double((k + 1023) << 52);
}

static double quantile(double u)
{
    static const double
        a[] = {2.5090809287301226727e3, 3.3430575583588128105e4, 6.7265770927008700853e4,
               4.5921953931549871457e4, 1.3731693765509461125e4, 1.9715909503065514427e3,
               1.3314166789178437745e2, 3.3871328727963666080e0},
        b[] = {5.2264952788528545610e3, 2.8729085735721942674e4, 3.9307895800092710610e4,
               2.1213794301586595867e4, 5.3941960214247511077e3, 6.8718700749205790830e2,
               4.2313330701600911252e1, 1.0},
        c[] = {7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1,
               1.27045825245236838258e0, 3.64784832476320460504e0, 5.76949722146069140550e0,
               4.63033784615654529590e0, 1.42343711074968357734e0},
        d[] = {1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2,
               1.48103976427480074590e-1, 6.89767334985100004550e-1, 1.67638483018380384940e0,
               2.05319162663775882187e0, 1.0},
        e[] = {2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3,
               2.65321895265761230930e-2, 2.96560571828504891230e-1, 1.78482653991729133580e0,
               5.46378491116411436990e0, 6.65790464350110377720e0},
        f[] = {2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5,
               7.86869131145613259100e-4, 1.48753612908506148525e-2, 1.36929880922735805310e-1,
               5.99832206555887937690e-1, 1.0};
    double q = u - 0.5;
    const double *top = a, *bottom = b;
    double r;
    if (fabs(q) <= 0.425) {
        r = 0.180625 - q * q;
    } else {
        r = sqrt(-ln(q < 0.0 ? u : 1.0 - u));
        if (r <= 5.0) { r -= 1.6; top = c; bottom = d; }
        else { r -= 5.0; top = e; bottom = f; }
    }
    double num = top[0], den = bottom[0];
    for (int i = 1; i < 8; i++) { num = num * r + top[i]; den = den * r + bottom[i]; }
    if (top == a) return q * num / den;
    return q < 0.0 ? -num / den : num / den;
}

static inline double exponential(u32 word, double mean) { return -ln(unit(word)) * mean; }

#endif
