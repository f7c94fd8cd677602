"""All settings, from the environment (`.env.example` lists the names). Nothing needs to be set on a laptop."""

import sys
from pathlib import Path

from csp.constants import NONCE, NONE, SELF  # noqa: F401
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from qms import env, logs

BASE_DIR = Path(__file__).resolve().parent.parent
VAR = Path(env.text("HEED_VAR", str(BASE_DIR / "var")))
VAR.mkdir(mode=0o700, parents=True, exist_ok=True)  # personal data and keys: for its owner only

DEBUG = env.flag("DEBUG", False)
TESTING = "pytest" in sys.modules
# Embedded: one machine, SQLite and a file broker, bound to loopback. Naming a database makes it production.
DATABASE_URL = env.text("DATABASE_URL")
EMBEDDED = env.flag("HEED_EMBEDDED", not DATABASE_URL)
SECRET_KEY = env.text("SECRET_KEY") or (env.kept_secret(VAR / "secret-key") if EMBEDDED or DEBUG or TESTING else "")
if not SECRET_KEY or len(SECRET_KEY) < 32 or SECRET_KEY.startswith(("change-me", "django-insecure")):
    raise ImproperlyConfigured("SECRET_KEY must be set to at least 32 random characters of your own.")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", ["127.0.0.1", "localhost", "[::1]"] if EMBEDDED or TESTING else [])
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS")
SECURE = env.flag("HEED_HTTPS", not EMBEDDED)  # behind TLS: cookies, redirects and HSTS follow

INSTALLED_APPS = [
    "trail",
    "records",
    "accounts",
    "customers",
    "feedback",
    "kpis",
    "evidence",
    "qms",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "qms.apps.HeedAdminConfig",
    "simple_history",
    "crispy_forms",
    "django_filters",
    "django_htmx",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "axes",
]

MIDDLEWARE = [
    "qms.health.HealthMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "qms.logs.RequestLogMiddleware",
    "csp.middleware.CSPMiddleware",
    "records.middleware.BadInputMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "accounts.middleware.OrganisationMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "trail.middleware.TrailMiddleware",
    "accounts.middleware.SecurityEventsMiddleware",
    "accounts.middleware.AuditorsOnlyReadMiddleware",
    "records.past.PastMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "qms.urls"
WSGI_APPLICATION = "qms.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "qms.navigation.shell",
            ],
        },
    }
]

if DATABASE_URL:
    import dj_database_url

    DATABASES = {"default": env.parsed("DATABASE_URL", dj_database_url.parse)}
    if DATABASES["default"]["ENGINE"] != "django.db.backends.postgresql":
        raise ImproperlyConfigured("DATABASE_URL must begin with postgres://; without it Heed keeps a file in var/.")
    DATABASES["default"] |= {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
    if password := env.text("DATABASE_PASSWORD"):
        DATABASES["default"]["PASSWORD"] = password
    suffix = env.text("TEST_DATABASE_SUFFIX")
    DATABASES["default"]["TEST"] = {"NAME": f"test_heed{'_' + suffix if suffix else ''}"}
else:
    import os

    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": VAR / "heed.sqlite3",
            "OPTIONS": {
                "timeout": 20,
                "transaction_mode": "IMMEDIATE",
                "init_command": (
                    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; "
                    "PRAGMA recursive_triggers=ON; PRAGMA secure_delete=ON; PRAGMA cache_size=-32000;"
                ),
            },
            # A file, not memory: threads, a worker and a browser share it in the tests.
            "TEST": {"NAME": VAR / f"test-{os.getpid()}.sqlite3"},
        }
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHE_URL = env.text("CACHE_URL")
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": CACHE_URL}
    if CACHE_URL
    else {"BACKEND": "django.core.cache.backends.filebased.FileBasedCache", "LOCATION": VAR / "cache"}
}

# Signing in
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "accounts.backends.AppointmentBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ["name", "email"]},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_NOTIFICATIONS = True  # a changed password or second factor is told by mail
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False  # other sessions end, the one at hand goes on
ACCOUNT_SESSION_REMEMBER = False
# Beside the lock-out of axes below: one account guessed from many addresses, many accounts from one.
ACCOUNT_RATE_LIMITS = {"login_failed": "100/h/ip,30/h/key"}
ACCOUNT_FORMS = {
    "login": "accounts.forms.signing_in.SignInForm",
    "reauthenticate": "accounts.forms.signing_in.ReauthenticateForm",
    "change_password": "accounts.forms.signing_in.ChangePasswordForm",
    "reset_password": "accounts.forms.signing_in.ResetPasswordForm",
    "reset_password_from_key": "accounts.forms.signing_in.ResetPasswordKeyForm",
}
PASSWORD_RESET_TIMEOUT = 2 * 3600
MFA_ADAPTER = "accounts.adapter.SecondFactorAdapter"
MFA_ALLOW_UNVERIFIED_EMAIL = True  # addresses are given by administrators, not by visitors
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_FORMS = {
    "authenticate": "accounts.forms.signing_in.CodeForm",
    "reauthenticate": "accounts.forms.signing_in.CodeAgainForm",
    "activate_totp": "accounts.forms.signing_in.ActivateAppForm",
    "deactivate_totp": "accounts.forms.signing_in.DeactivateAppForm",
    "generate_recovery_codes": "accounts.forms.signing_in.RecoveryCodesForm",
}
AXES_FAILURE_LIMIT = env.whole("SIGN_IN_FAILURES", 8)
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_FORM_FIELD = "login"
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # the moment told on the page holds
AXES_LOCKOUT_CALLABLE = "accounts.lockout.locked_out"
# Behind proxies the visitor's address is what the outermost of them wrote down; 0 = nobody is believed.
ALLAUTH_TRUSTED_PROXY_COUNT = env.whole("TRUSTED_PROXIES", 0)
AXES_CLIENT_IP_CALLABLE = "allauth.core.internal.httpkit.get_client_ip"

# Language and time. The organisation's own time zone decides what a day is; see accounts.Organisation.
LANGUAGE_CODE = "en-gb"
LANGUAGES = [("en-gb", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "qms.formats"
USE_TZ = True
TIME_ZONE = env.text("TIME_ZONE", "UTC")

# Files
STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = Path(env.text("MEDIA_ROOT", str(VAR / "media")))
WHITENOISE_USE_FINDERS = EMBEDDED or DEBUG  # no collectstatic on a laptop
STATIC_ROOT = None if WHITENOISE_USE_FINDERS else BASE_DIR / "staticfiles"
WHITENOISE_AUTOREFRESH = DEBUG
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if WHITENOISE_USE_FINDERS
        else "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
    },
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 5_000_000
FILE_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
IMPORT_MAX_BYTES = env.whole("IMPORT_MAX_BYTES", 50_000_000)

# Pages
CRISPY_ALLOWED_TEMPLATE_PACKS = ("heed",)
CRISPY_TEMPLATE_PACK = "heed"
FILTERS_EMPTY_CHOICE_LABEL = _("any")
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# Mail
EMAIL_URL = env.text("EMAIL_URL")
if EMAIL_URL:
    import dj_email_url

    vars().update(env.parsed("EMAIL_URL", dj_email_url.parse))
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = VAR / "mail"
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "heed@localhost")

# Security
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "font-src": [SELF],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "manifest-src": [SELF],
    }
}
SECURE_SSL_REDIRECT = SECURE
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 12 * 3600
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SECURE else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# History: typed tables and admin pages from simple-history, rows from our database triggers (trail/triggers.py).
SIMPLE_HISTORY_ENABLED = False
SIMPLE_HISTORY_HISTORY_CHANGE_REASON_USE_TEXT_FIELD = True
SIMPLE_HISTORY_DATE_INDEX = False

# The key that signs the trail: only who seals (the worker) need be able to read it; other processes are told "none".
# Its checkpoints are also written down outside the database; best on another disk or machine.
SEAL_KEYS = env.text("HEED_SEAL_KEYS", str(VAR / "keys"))
SEAL_KEYS = None if SEAL_KEYS == "none" else Path(SEAL_KEYS)
ANCHOR_FILE = Path(env.text("HEED_ANCHOR_FILE", str(VAR / "anchors" / "checkpoints.jsonl")))
# Who was erased, by number; outside every backup, so that a restored database forgets them again.
ERASURE_JOURNAL = Path(env.text("HEED_ERASURE_JOURNAL", str(VAR / "erasures" / "journal.jsonl")))

# Where `manage.py backup` puts its archives; best on another disk.
BACKUPS = Path(env.text("HEED_BACKUPS", str(VAR / "backups")))

# Background work (design: the Job row is the truth, the message a wake-up)
CELERY_BROKER_URL = env.text("CELERY_BROKER_URL") or "filesystem://localhost/"
if CELERY_BROKER_URL.startswith("filesystem"):
    BROKER_FOLDER = VAR / "broker"
    for folder in ("queue", "control"):
        (BROKER_FOLDER / folder).mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(BROKER_FOLDER / "queue"),
        "data_folder_out": str(BROKER_FOLDER / "queue"),
        "control_folder": str(BROKER_FOLDER / "control"),
    }
else:
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "visibility_timeout": 900,
        "unacked_restore_interval": 10,
        "unacked_restore_throttle": 1,
        "socket_connect_timeout": 2,
        "socket_timeout": 10,
    }
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SOFT_TIME_LIMIT = 240
CELERY_TASK_TIME_LIMIT = 300
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 30
CELERY_WORKER_MAX_TASKS_PER_CHILD = 200
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 300_000
CELERY_TASK_PUBLISH_RETRY = False
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_TIMEZONE = "UTC"
CELERY_ENABLE_UTC = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {"kpis.tasks.*": {"queue": "rollup"}}
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR / "beat-schedule")
# Every entry is a scan for what is due, so that a missed hour, two beats or a clock jump do no harm.
CELERY_BEAT_SCHEDULE = {
    "run what waits": {"task": "records.tasks.run_due_jobs", "schedule": 15.0, "options": {"expires": 15}},
    "seal and fold in": {"task": "kpis.tasks.keep_up", "schedule": 5.0, "options": {"expires": 5}},
    "check the figures": {"task": "kpis.tasks.reconcile", "schedule": 86_400.0},
    "check the trail": {"task": "evidence.tasks.check_when_due", "schedule": 3_600.0},
    "forget sent forms": {"task": "records.tasks.forget_sent_forms", "schedule": 86_400.0},
    "appointments begin and end": {"task": "accounts.tasks.apply_appointments", "schedule": 3_600.0},
}

if TESTING:
    ANCHOR_FILE = ERASURE_JOURNAL = None  # a test that looks at these names a file of its own
    if not CACHE_URL:
        CACHES["default"] = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = False
    STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
    WHITENOISE_USE_FINDERS = True
    WHITENOISE_AUTOREFRESH = True  # every test client would look at each file anew

# Logs: words on a laptop, JSON in production; LOG_FORMAT=words or json decides otherwise.
LOG_LEVEL = env.choice("LOG_LEVEL", "INFO", ["DEBUG", "INFO", "WARNING", "ERROR"])
LOGGING = logs.configuration(
    LOG_LEVEL, as_json=env.choice("LOG_FORMAT", "words" if EMBEDDED else "json", ["words", "json"]) == "json"
)
