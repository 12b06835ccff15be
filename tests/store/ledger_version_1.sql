-- The tables of version 1, as the engine created them.
CREATE TABLE hunts (
    hunt_id TEXT PRIMARY KEY NOT NULL,
    created TEXT NOT NULL,
    settings TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('running', 'completed', 'stopped', 'failed')),
    reason TEXT NOT NULL DEFAULT '',
    ended TEXT
);
CREATE TABLE runs (
    config_hash TEXT PRIMARY KEY NOT NULL CHECK (length(config_hash) = 40),
    param_hash TEXT NOT NULL,
    config TEXT NOT NULL,
    param_kappa REAL NOT NULL,
    param_sigma_k REAL NOT NULL,
    param_alpha REAL NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('ok', 'diverged', 'too_few_peaks', 'artifact_missing', 'artifact_unreadable', 'config_mismatch', 'audit_failed', 'worker_failed', 'timed_out')),
    error TEXT NOT NULL DEFAULT '',
    log_prime_sse REAL CHECK (log_prime_sse IS NULL OR (typeof(log_prime_sse) = 'real' AND abs(log_prime_sse) <= 1.7976931348623157e308 AND log_prime_sse >= 0)),
    sse_null_phase_scramble REAL CHECK (sse_null_phase_scramble IS NULL OR (typeof(sse_null_phase_scramble) = 'real' AND abs(sse_null_phase_scramble) <= 1.7976931348623157e308 AND sse_null_phase_scramble >= 0)),
    sse_null_target_shuffle REAL CHECK (sse_null_target_shuffle IS NULL OR (typeof(sse_null_target_shuffle) = 'real' AND abs(sse_null_target_shuffle) <= 1.7976931348623157e308 AND sse_null_target_shuffle >= 0)),
    p_phase_scramble REAL CHECK (p_phase_scramble IS NULL OR (typeof(p_phase_scramble) = 'real' AND abs(p_phase_scramble) <= 1.7976931348623157e308 AND p_phase_scramble BETWEEN 0 AND 1)),
    p_target_shuffle REAL CHECK (p_target_shuffle IS NULL OR (typeof(p_target_shuffle) = 'real' AND abs(p_target_shuffle) <= 1.7976931348623157e308 AND p_target_shuffle BETWEEN 0 AND 1)),
    sdg_h_norm_l2 REAL CHECK (sdg_h_norm_l2 IS NULL OR (typeof(sdg_h_norm_l2) = 'real' AND abs(sdg_h_norm_l2) <= 1.7976931348623157e308 AND sdg_h_norm_l2 >= 0)),
    pcs_score REAL CHECK (pcs_score IS NULL OR (typeof(pcs_score) = 'real' AND abs(pcs_score) <= 1.7976931348623157e308 AND pcs_score >= 0)),
    evolution_residual REAL CHECK (evolution_residual IS NULL OR (typeof(evolution_residual) = 'real' AND abs(evolution_residual) <= 1.7976931348623157e308 AND evolution_residual >= 0)),
    n_peaks INTEGER CHECK (n_peaks IS NULL OR (typeof(n_peaks) = 'integer' AND n_peaks >= 0)),
    artifact_sha256 TEXT,
    artifact_bytes INTEGER,
    committed TEXT NOT NULL,
    CHECK ((status = 'ok') = (log_prime_sse IS NOT NULL)),
    CHECK (status = 'ok' OR (log_prime_sse IS NULL AND sse_null_phase_scramble IS NULL AND sse_null_target_shuffle IS NULL AND p_phase_scramble IS NULL AND p_target_shuffle IS NULL))
);
CREATE INDEX runs_by_parameters ON runs (param_hash);
CREATE TABLE hunt_runs (
    hunt_id TEXT NOT NULL REFERENCES hunts (hunt_id),
    generation INTEGER NOT NULL CHECK (generation >= 0),
    member INTEGER NOT NULL CHECK (member >= 0),
    config_hash TEXT NOT NULL REFERENCES runs (config_hash),
    fitness REAL CHECK (fitness IS NULL OR (typeof(fitness) = 'real' AND abs(fitness) <= 1.7976931348623157e308)),
    PRIMARY KEY (hunt_id, generation, member)
);
CREATE INDEX hunt_runs_by_run ON hunt_runs (config_hash);
CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    kind TEXT NOT NULL,
    hunt_id TEXT REFERENCES hunts (hunt_id),
    config_hash TEXT,
    payload TEXT NOT NULL
);
PRAGMA user_version=1;
