"""Writes Tests/TemporalTests/oracle.json: what SciPy and scikit-learn make of signals that the tests make anew.

Needs numpy 2.3.4, scipy 1.16.3 and scikit-learn 1.7.2, and is run as `python Scripts/temporal_oracle.py` in the project's
folder. Needed only after a change to the signals or the cases.
"""

import json
import pathlib

import numpy as np
from scipy import signal, stats
from sklearn import metrics
from sklearn.covariance import LedoitWolf


def noise(seed, count):
    """Numbers in [-0.5, 0.5): a linear congruential generator that any language repeats exactly."""
    state, values = seed, []
    for _ in range(count):
        state = (state * 1664525 + 1013904223) % 2**32
        values.append(state / 2**32 - 0.5)
    return np.array(values)


def tone(seed, count, rate, hertz):
    return 3 + np.sin(2 * np.pi * hertz * np.arange(count) / rate) + noise(seed, count)


def welch(seed, count, rate, hertz, length, overlap):
    x, y = tone(seed, count, rate, hertz), tone(seed + 1, count, rate, hertz)
    options = dict(fs=rate, window="hann", nperseg=length, noverlap=int(overlap * length), detrend="constant")
    frequencies, density = signal.welch(x, scaling="density", **options)
    shown = (frequencies >= 0.5) & (frequencies <= 100)
    shares = density[shown] / density[shown].sum()
    return {
        "seed": seed, "count": count, "rate": rate, "hertz": hertz, "length": length, "overlap": overlap,
        "density": density.tolist(),
        "coherence": signal.coherence(x, y, **options)[1].tolist(),
        "total": density[shown].sum() * (frequencies[1] - frequencies[0]),
        "entropy": stats.entropy(shares, base=len(shares)),
        "dominant": frequencies[shown][density[shown].argmax()],
    }  # fmt: skip


def shrinkage(seed, samples, variables):
    x = noise(seed, samples * variables).reshape(samples, variables)
    # One direction that all variables share, so that the shrinkage isn't 1.
    x += 2 * noise(seed + 1, samples)[:, None]
    model = LedoitWolf().fit(x)
    return {
        "seed": seed, "samples": samples, "variables": variables, "shrinkage": model.shrinkage_,
        "distances": model.mahalanobis(x).tolist(),
    }  # fmt: skip


def agreement(seed, count):
    a = (noise(seed, count) * 3.999 + 2).astype(int)
    b = np.where(noise(seed + 1, count) > 0, a, (noise(seed + 2, count) * 3.999 + 2).astype(int))
    x, y = noise(seed + 3, count), noise(seed + 4, count) + noise(seed + 3, count)
    return {
        "seed": seed, "count": count, "kappa": metrics.cohen_kappa_score(a, b),
        "matthews": metrics.matthews_corrcoef(a == 3, b == 3), "correlation": stats.pearsonr(x, y).statistic,
        "median": np.median(x), "deviation": stats.median_abs_deviation(x, scale="normal"),
    }  # fmt: skip


oracle = {
    "welch": [
        welch(1, 1024, 256, 40, 256, 0.5),
        welch(2, 700, 256, 10.3, 128, 0.5),
        welch(3, 500, 100, 6, 75, 0.5),
        welch(4, 600, 512, 90, 101, 0.25),
        welch(5, 300, 1000, 20, 64, 0.9),
        welch(6, 90, 60, 3, 30, 0),
    ],
    "shrinkage": [shrinkage(1, 40, 12), shrinkage(2, 12, 40), shrinkage(3, 200, 5), shrinkage(4, 10, 256)],
    "agreement": [agreement(10, 50), agreement(20, 201)],
}
path = pathlib.Path(__file__).resolve().parent.parent / "Tests/TemporalTests/oracle.json"
path.write_text(json.dumps(oracle) + "\n")
