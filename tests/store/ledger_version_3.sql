-- The tables of version 3, as the engine created them.
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
    defect_density REAL CHECK (defect_density IS NULL OR (typeof(defect_density) = 'real' AND abs(defect_density) <= 1.7976931348623157e308 AND defect_density >= 0)),
    n_peaks INTEGER CHECK (n_peaks IS NULL OR (typeof(n_peaks) = 'integer' AND n_peaks >= 0)),
    artifact_sha256 TEXT,
    artifact_bytes INTEGER,
    committed TEXT NOT NULL,
    evicted TEXT,
    CHECK ((status = 'ok') = (log_prime_sse IS NOT NULL)),
    CHECK (status = 'ok' OR (log_prime_sse IS NULL AND sse_null_phase_scramble IS NULL AND sse_null_target_shuffle IS NULL AND p_phase_scramble IS NULL AND p_target_shuffle IS NULL))
);
CREATE INDEX runs_by_parameters ON runs (param_hash);
CREATE TABLE hunt_runs (
    hunt_id TEXT NOT NULL REFERENCES hunts (hunt_id),
    generation INTEGER NOT NULL CHECK (generation >= 0),
    member INTEGER NOT NULL CHECK (member >= 0),
    replicate INTEGER NOT NULL DEFAULT 0 CHECK (replicate >= 0),
    config_hash TEXT NOT NULL REFERENCES runs (config_hash),
    fitness REAL CHECK (fitness IS NULL OR (typeof(fitness) = 'real' AND abs(fitness) <= 1.7976931348623157e308)),
    gradient TEXT,
    PRIMARY KEY (hunt_id, generation, member, replicate)
);
CREATE INDEX hunt_runs_by_run ON hunt_runs (config_hash);
CREATE TABLE links (
    config_hash TEXT NOT NULL,
    relation TEXT NOT NULL,
    origin TEXT NOT NULL,
    created TEXT NOT NULL,
    PRIMARY KEY (config_hash, relation, origin)
);
CREATE INDEX links_by_origin ON links (origin);
CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    kind TEXT NOT NULL,
    hunt_id TEXT REFERENCES hunts (hunt_id),
    config_hash TEXT,
    payload TEXT NOT NULL
);
CREATE INDEX events_by_run ON events (config_hash) WHERE config_hash IS NOT NULL;
CREATE TABLE writer (epoch INTEGER NOT NULL);
INSERT INTO writer VALUES (0);
CREATE TABLE listing (
    id INTEGER PRIMARY KEY NOT NULL,
    scope INTEGER NOT NULL,
    hunt_id, generation, member, replicate, fitness, config_hash, param_hash, param_kappa, param_sigma_k, param_alpha, status, error, log_prime_sse, sse_null_phase_scramble, sse_null_target_shuffle, p_phase_scramble, p_target_shuffle, n_peaks, sdg_h_norm_l2, pcs_score, evolution_residual, defect_density, artifact_sha256, artifact_bytes, committed, evicted
);
CREATE TABLE folded (runs INTEGER NOT NULL, places INTEGER NOT NULL);
INSERT INTO folded VALUES (0, 0);
CREATE TABLE tallies (
    scope INTEGER NOT NULL,
    status TEXT NOT NULL,
    rows INTEGER NOT NULL,
    PRIMARY KEY (scope, status)
) WITHOUT ROWID;
CREATE TRIGGER row_listed AFTER INSERT ON listing BEGIN
    INSERT INTO tallies VALUES (NEW.scope, NEW.status, 1)
    ON CONFLICT DO UPDATE SET rows = rows + 1; END;
CREATE TRIGGER status_changed AFTER UPDATE OF status ON listing WHEN OLD.status <> NEW.status BEGIN
    UPDATE tallies SET rows = rows - 1 WHERE scope = OLD.scope AND status = OLD.status;     INSERT INTO tallies VALUES (NEW.scope, NEW.status, 1)
    ON CONFLICT DO UPDATE SET rows = rows + 1; END;
CREATE TRIGGER run_changed AFTER UPDATE ON runs BEGIN
    UPDATE listing SET config_hash = NEW.config_hash, param_hash = NEW.param_hash, param_kappa = NEW.param_kappa, param_sigma_k = NEW.param_sigma_k, param_alpha = NEW.param_alpha, status = NEW.status, error = NEW.error, log_prime_sse = NEW.log_prime_sse, sse_null_phase_scramble = NEW.sse_null_phase_scramble, sse_null_target_shuffle = NEW.sse_null_target_shuffle, p_phase_scramble = NEW.p_phase_scramble, p_target_shuffle = NEW.p_target_shuffle, n_peaks = NEW.n_peaks, sdg_h_norm_l2 = NEW.sdg_h_norm_l2, pcs_score = NEW.pcs_score, evolution_residual = NEW.evolution_residual, defect_density = NEW.defect_density, artifact_sha256 = NEW.artifact_sha256, artifact_bytes = NEW.artifact_bytes, committed = NEW.committed, evicted = NEW.evicted
    WHERE config_hash = OLD.config_hash AND scope IN (SELECT 0 UNION SELECT hunts.rowid
    FROM hunt_runs JOIN hunts USING (hunt_id) WHERE config_hash = OLD.config_hash); END;
CREATE TRIGGER place_taken AFTER INSERT ON hunt_runs
    WHEN (SELECT rowid FROM runs WHERE config_hash = NEW.config_hash) <= (SELECT runs FROM folded)
    BEGIN
    UPDATE listing SET hunt_id = NEW.hunt_id, generation = NEW.generation, member = NEW.member, replicate = NEW.replicate, fitness = NEW.fitness
    WHERE scope = 0 AND config_hash = NEW.config_hash AND hunt_id IS NULL; END;
CREATE INDEX listing_by_hunt_id ON listing (scope, hunt_id);
CREATE INDEX listing_by_generation ON listing (scope, generation);
CREATE INDEX listing_by_member ON listing (scope, member);
CREATE INDEX listing_by_replicate ON listing (scope, replicate);
CREATE INDEX listing_by_fitness ON listing (scope, fitness);
CREATE INDEX listing_by_config_hash ON listing (scope, config_hash);
CREATE INDEX listing_by_param_hash ON listing (scope, param_hash);
CREATE INDEX listing_by_param_kappa ON listing (scope, param_kappa);
CREATE INDEX listing_by_param_sigma_k ON listing (scope, param_sigma_k);
CREATE INDEX listing_by_param_alpha ON listing (scope, param_alpha);
CREATE INDEX listing_by_status ON listing (scope, status);
CREATE INDEX listing_by_error ON listing (scope, error);
CREATE INDEX listing_by_log_prime_sse ON listing (scope, log_prime_sse);
CREATE INDEX listing_by_sse_null_phase_scramble ON listing (scope, sse_null_phase_scramble);
CREATE INDEX listing_by_sse_null_target_shuffle ON listing (scope, sse_null_target_shuffle);
CREATE INDEX listing_by_p_phase_scramble ON listing (scope, p_phase_scramble);
CREATE INDEX listing_by_p_target_shuffle ON listing (scope, p_target_shuffle);
CREATE INDEX listing_by_n_peaks ON listing (scope, n_peaks);
CREATE INDEX listing_by_sdg_h_norm_l2 ON listing (scope, sdg_h_norm_l2);
CREATE INDEX listing_by_pcs_score ON listing (scope, pcs_score);
CREATE INDEX listing_by_evolution_residual ON listing (scope, evolution_residual);
CREATE INDEX listing_by_defect_density ON listing (scope, defect_density);
CREATE INDEX listing_by_artifact_sha256 ON listing (scope, artifact_sha256);
CREATE INDEX listing_by_artifact_bytes ON listing (scope, artifact_bytes);
CREATE INDEX listing_by_committed ON listing (scope, committed);
CREATE INDEX listing_by_evicted ON listing (scope, evicted);
CREATE INDEX listing_by_scope ON listing (scope);
CREATE INDEX listing_for_pareto ON listing (scope, log_prime_sse, sdg_h_norm_l2) WHERE log_prime_sse IS NOT NULL;
PRAGMA user_version = 3;
