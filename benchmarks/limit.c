/* W0, W1 and W3 of `nmdasim bench` written out by hand: the practical limit on this machine.

   Built on the spot by limit.py with -O3 -march=native. Vectors are as wide as the processor's. With AVX-512, comparisons
   use its mask registers; elsewhere GCC's and Clang's vector extensions give what the processor has (AVX2 with FMA,
   NEON). The scheme is the kernel's "staggered" (docs/kernel.md): the membrane at whole steps, everything else at half
   steps. Blocks of lanes run through all their steps before the next block begins.

   Every function takes the values of the varied parameter (SI units), the number of steps, dt in s, and two arrays of
   `room` numbers for the spikes; it returns how many spikes there were. SI units throughout. */

#include <math.h>
#include <stdint.h>
#include <string.h>

#ifdef __AVX512F__
#include <immintrin.h>
enum { L = 8 };
#elif defined(__AVX__)
enum { L = 4 };
#else
enum { L = 2 };
#endif

typedef double V __attribute__((vector_size(L * 8)));
typedef int64_t I __attribute__((vector_size(L * 8)));
#define INLINE static inline __attribute__((always_inline))

#ifdef __AVX512F__
typedef __mmask8 M;
INLINE M above(V a, V b) { return _mm512_cmp_pd_mask((__m512d)a, (__m512d)b, _CMP_GT_OQ); }
INLINE M both(M a, M b) { return a & b; }
INLINE M not_both(M a, M b) { return a & ~b; } /* a and not b */
INLINE V pick(M m, V yes, V no) { return (V)_mm512_mask_blend_pd(m, (__m512d)no, (__m512d)yes); }
INLINE int any(M m) { return m; }
INLINE int has(M m, int k) { return m >> k & 1; }
INLINE V least(V a, V b) { return (V)_mm512_min_pd((__m512d)a, (__m512d)b); }
INLINE V most(V a, V b) { return (V)_mm512_max_pd((__m512d)a, (__m512d)b); }
INLINE V size(V a) { return (V)_mm512_abs_pd((__m512d)a); }
#else
typedef I M;
INLINE M above(V a, V b) { return a > b; }
INLINE M both(M a, M b) { return a & b; }
INLINE M not_both(M a, M b) { return a & ~b; }
INLINE V pick(M m, V yes, V no) { return (V)((m & (I)yes) | (~m & (I)no)); }
INLINE int any(M m)
{
    int64_t found = 0;
    for (int k = 0; k < L; k++)
        found |= m[k];
    return found != 0;
}
INLINE int has(M m, int k) { return m[k] != 0; }
INLINE V least(V a, V b) { return pick(a < b, a, b); }
INLINE V most(V a, V b) { return pick(a > b, a, b); }
INLINE V size(V a) { return (V)((I)a & INT64_MAX); }
#endif

INLINE V all(double x) { return x - (V){0}; }

/* exp(x) for |x| < 700: 2^n times a polynomial of degree 11 on |r| <= ln(2)/2. */
INLINE V exponential(V x)
{
    const double shift = 6755399441055744.0; /* 1.5 * 2^52: the sum's low bits are the nearest whole number */
    V t = x * 1.4426950408889634 + shift, n = t - shift;
    V r = (x - n * 0.6931471803691238) - n * 1.9082149292705877e-10, z = r * r;
    V even = (((2.7620201591031547e-07 * z + 2.4801521057868204e-05) * z + 0.0013888888917367081) * z
              + 0.041666666666623824) * z + 0.5000000000000001;
    V odd = (((2.5100472505694996e-08 * z + 2.7557268276905696e-06) * z + 0.00019841269863171557) * z
             + 0.008333333333330039) * z + 0.16666666666666669;
    V y = 1.0 + (r + z * (even + r * odd));
    return (V)((I)y + ((I)t << 52));
}

/* x/(exp(x) - 1) = top/bottom, from e = exp(x). */
INLINE V top(V x) { return pick(above(all(1e-4), size(x)), 1.0 - 0.5 * x * (1.0 - x * (1.0 / 6)), x); }
INLINE V bottom(V x, V e) { return pick(above(all(1e-4), size(x)), all(1.0), e - 1.0); }

/* The membrane's step: dt*f(v) and z = dt*f'(v). */
INLINE V membrane(V v, V f, V z)
{
    z = least(z, all(1.5));
    return v + f * (1.0 - z * (1.0 / 6)) / (1.0 - z * (2.0 / 3) + z * z * (1.0 / 6));
}

/* A state with gain a and loss b per second over h: Crank-Nicolson, kept between 0 and 1. */
INLINE V kinetic(V x, V a, V rate, double h)
{
    V half = 0.5 * h * rate;
    return (h * a + x * most(1.0 - half, all(0.0))) / most(1.0 + half, h * rate);
}

typedef struct {
    int64_t *steps, *lanes;
    long found, room;
} Spikes;

INLINE void note(Spikes *s, M hit, long n, long lane)
{
    for (int k = 0; k < L; k++)
        if (has(hit, k)) {
            if (s->found < s->room) {
                s->steps[s->found] = n + 1;
                s->lanes[s->found] = lane + k;
            }
            s->found++;
        }
}

INLINE V load(const double *x, long lane, long lanes)
{
    double own[L];
    for (int k = 0; k < L; k++)
        own[k] = x[lane + k < lanes ? lane + k : lanes - 1];
    V v;
    memcpy(&v, own, sizeof v);
    return v;
}

/* W0: the squid axon. Vectors of a block: enough independent chains to hide latencies, few enough for the registers. */
enum { U0 = 4, U1 = 4, U3 = 4 };

long w0(const double *g_e, long lanes, long steps, double dt, int64_t *at, int64_t *who, long room)
{
    Spikes s = {at, who, 0, room};
    const double C = 0.01, g_na = 1200, g_k = 360, g_l = 3, E_na = 0.05, E_k = -0.077, E_l = -0.0543;
    for (long lane = 0; lane < lanes; lane += U0 * L) {
        V v[U0], m[U0], hh[U0], n4[U0], g[U0];
        for (int u = 0; u < U0; u++) {
            g[u] = load(g_e, lane + u * L, lanes);
            v[u] = all(-0.065);
            double x = -4 + 6.5, am = 1000 * x / (exp(x) - 1), bm = 4000;
            double ah = 70, bh = 1000 / (1 + exp(3)), y = -5.5 + 6.5, an = 100 * y / (exp(y) - 1), bn = 125;
            m[u] = all(am / (am + bm)), hh[u] = all(ah / (ah + bh)), n4[u] = all(an / (an + bn));
        }
        for (long n = 0; n < steps; n++) {
            const double h = n ? dt : 0.5 * dt;
#pragma GCC unroll 4
            for (int u = 0; u < U0; u++) {
                V e = exponential(-12.5 * v[u]), e2 = e * e, e4 = e2 * e2, e8 = e4 * e4;
                V x = -4.0 - 100.0 * v[u], y = -5.5 - 100.0 * v[u];
                V tm = top(x), bm = bottom(x, 0.01831563888873418 * e8);
                V tn = top(y), bn = bottom(y, 0.004086771438464067 * e8);
                V beta = 108.08722380483628 * exponential(-55.55555555555556 * v[u]); /* of m */
                V rate = 1000.0 * tm + beta * bm;
                V dm = bm + 0.5 * h * rate, nm = m[u] * (bm - 0.5 * h * rate) + 1000.0 * h * tm;
                V one = 1.0 + 0.030197383422318487 * e8, ah = 2.7141945482205405 * e4 * one;
                rate = ah + 1000.0;
                V dh = one + 0.5 * h * rate, nh = hh[u] * (one - 0.5 * h * rate) + h * ah;
                rate = 100.0 * tn + 55.468413760134986 * e * bn;
                V dn = bn + 0.5 * h * rate, nn = n4[u] * (bn - 0.5 * h * rate) + 100.0 * h * tn;
                m[u] = nm / dm, hh[u] = nh / dh, n4[u] = nn / dn;
                V na = g_na * (m[u] * m[u] * m[u] * hh[u]), k = n4[u] * n4[u];
                k = g_k * (k * k);
                V was = v[u], f = na * (E_na - was) + k * (E_k - was) + g_l * (E_l - was) - g[u] * was;
                v[u] = membrane(was, dt / C * f, -dt / C * (na + k + g_l + g[u]));
                M hit = not_both(above(v[u], all(0.0)), above(was, all(0.0)));
                if (__builtin_expect(any(hit), 0))
                    note(&s, hit, n, lane + u * L);
            }
        }
    }
    return s.found;
}

/* W1: twelve states of a dorsal-horn neuron; `due` are the steps at which events arrive, in order, and one that never
   comes. */
long w1(const double *ket, long lanes, long steps, double dt, const int64_t *due, int64_t *at, int64_t *who, long room)
{
    Spikes s = {at, who, 0, room};
    const double C = 0.01, g_l = 1, g_na = 500, g_k = 100, g_cal = 1, g_ampa = 3, g_nmda = 4;
    const double E_l = -0.07, E_na = 0.05, E_k = -0.09, E_ca = 0.12, k_ca = -1e-3 * 1e3, ca0 = 5e-5;
    for (long lane = 0; lane < lanes; lane += U1 * L) {
        V v[U1], m[U1], hh[U1], nk[U1], q[U1], a[U1], x[U1], sy[U1], b[U1], ca[U1], on[U1];
        for (int u = 0; u < U1; u++) {
            on[u] = 100.0 * load(ket, lane + u * L, lanes); /* 0.1/(ms mM); ketamine in mM = mol/m3 */
            v[u] = all(-0.07), hh[u] = all(0.99), ca[u] = all(ca0);
            m[u] = nk[u] = q[u] = a[u] = x[u] = sy[u] = b[u] = all(0.0);
        }
        long event = 0;
        for (long n = 0; n < steps; n++) {
            const double h = n ? dt : 0.5 * dt;
            const double ka = exp(-h / 5e-3), kx = exp(-h / 3e-3), kq = exp(-h / 2e-3), kc = exp(-h / 30e-3);
            for (; due[event] <= n; event++)
                for (int u = 0; u < U1; u++) {
                    a[u] += 0.3 * exp(0.5 * dt / 5e-3);
                    x[u] += 0.3 * exp(0.5 * dt / 3e-3);
                }
#pragma GCC unroll 4
            for (int u = 0; u < U1; u++) {
                V was = v[u], e = exponential(-25.0 * was), e2 = e * e, e4 = e2 * e2, e8 = e4 * e4, e10 = e8 * e2;
                V p = -12.975 - 250.0 * was, r = 4.98 + 200.0 * was, w = -10.0 - 200.0 * was;
                V tp = top(p), bp = bottom(p, 2.317549918343691e-06 * e10);
                V back = 0.006874062557496254 * e8; /* exp(-r); r/(exp(r) - 1) = r exp(-r)/(1 - exp(-r)) */
                V br = bottom(-r, back), tr = top(-r) * back; /* -r/(exp(-r) - 1) times exp(-r) */
                V rate = 1280.0 * tp * br + 1400.0 * tr * bp, d = bp * br;
                V dm = d + 0.5 * h * rate, nm = m[u] * (d - 0.5 * h * rate) + 1280.0 * h * tp * br;
                V one = 1.0 + 0.006737946999085467 * e8, ah = 8.893881756518597 * exponential(-55.55555555555556 * was);
                rate = ah * one + 4000.0;
                V dh = one + 0.5 * h * rate, nh = hh[u] * (one - 0.5 * h * rate) + h * ah * one;
                V tw = top(w), bw = bottom(w, 4.5399929762484854e-05 * e8);
                rate = 160.0 * tw + 126.41979790237323 * e * bw;
                V dn = bw + 0.5 * h * rate, nn = nk[u] * (bw - 0.5 * h * rate) + 160.0 * h * tw;
                V nq = kq * q[u] + (1.0 - kq) / (1.0 + 0.05743261926761735 * exponential(-142.85714285714286 * was));
                V nx = kx * x[u], gain = 250.0 * (nx + x[u]);
                V ns = kinetic(sy[u], gain, gain + 10.0, h), smid = 0.5 * (ns + sy[u]);
                V bind = on[u] * smid, nb = kinetic(b[u], bind, bind + smid + 0.1, h);
                V mg = exponential(-62.0 * was) * (1.0 / 3.57), open = 1.0 / (1.0 + mg), qmid = 0.5 * (nq + q[u]);
                V flux = g_cal * qmid * qmid * (E_ca - was) - 0.1 * g_nmda * smid * (1.0 - 0.5 * (nb + b[u])) * was * open;
                ca[u] = kc * ca[u] + (1.0 - kc) * (ca0 - 30e-3 * k_ca * flux);
                m[u] = nm / dm, hh[u] = nh / dh, nk[u] = nn / dn;
                q[u] = nq, a[u] *= ka, x[u] = nx, sy[u] = ns, b[u] = nb;
                V na = g_na * (m[u] * m[u] * m[u] * hh[u]), k = nk[u] * nk[u], cal = g_cal * nq * nq;
                k = g_k * (k * k);
                V ampa = g_ampa * a[u], nmda = g_nmda * ns * (1.0 - nb) * open;
                V f = g_l * (E_l - was) + na * (E_na - was) + k * (E_k - was) + cal * (E_ca - was) - (ampa + nmda) * was;
                V slope = g_l + na + k + cal + ampa + nmda * (1.0 + 62.0 * was * mg * open);
                v[u] = membrane(was, dt / C * f, -dt / C * slope);
                M hit = not_both(above(v[u], all(0.0)), above(was, all(0.0)));
                if (__builtin_expect(any(hit), 0))
                    note(&s, hit, n, lane + u * L);
            }
        }
        at[room] += (int64_t)(ca[0][0] < 0); /* calcium is part of the work: the compiler may not drop it */
    }
    return s.found;
}

/* W3: the adaptive-exponential neuron. A lane that has fired holds its potential until `ready`. */
long w3(const double *I_in, long lanes, long steps, double dt, int64_t *at, int64_t *who, long room)
{
    Spikes s = {at, who, 0, room};
    const double C = 281e-12, g_l = 30e-9, E_l = -0.0706, v_t = -0.0504, d_t = 2e-3, tau = 0.144, a = 4e-9, b = 0.0805e-9;
    const double wait = round(2e-3 / dt);
    for (long lane = 0; lane < lanes; lane += U3 * L) {
        V v[U3], w[U3], in[U3], ready[U3];
        for (int u = 0; u < U3; u++) {
            in[u] = load(I_in, lane + u * L, lanes);
            v[u] = all(E_l), w[u] = ready[u] = all(0.0);
        }
        for (long n = 0; n < steps; n++) {
            const double keep = exp(-(n ? dt : 0.5 * dt) / tau), now = (double)n + 0.5;
#pragma GCC unroll 4
            for (int u = 0; u < U3; u++) {
                M free = above(all(now), ready[u]);
                w[u] = keep * w[u] + (1.0 - keep) * a * (v[u] - E_l);
                V e = exponential((v[u] - v_t) * (1.0 / d_t));
                V f = g_l * (E_l - v[u]) + g_l * d_t * e - w[u] + in[u];
                v[u] = pick(free, membrane(v[u], dt / C * f, dt / C * g_l * (e - 1.0)), v[u]);
                M hit = both(free, above(v[u], all(-0.02)));
                if (__builtin_expect(any(hit), 0)) {
                    note(&s, hit, n, lane + u * L);
                    v[u] = pick(hit, all(E_l), v[u]);
                    w[u] = pick(hit, w[u] + b, w[u]);
                    ready[u] = pick(hit, all((double)n + wait), ready[u]);
                }
            }
        }
    }
    return s.found;
}
