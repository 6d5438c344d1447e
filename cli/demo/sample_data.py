"""Names and probabilities of the synthetic traffic."""

ORGANIZATIONS = (
    "acorn-school",
    "birch-academy",
    "cedar-college",
    "dune-tutors",
    "elm-learning",
    "fjord-courses",
    "grove-media",
    "harbor-lessons",
)
MAX_ORGANIZATIONS = 50

TRIAL = "trial"
"""Workspace that reaches its limit."""
WORKSPACES = ("studio", "classroom", "research", TRIAL)
WORKSPACE_WEIGHTS = (5, 4, 2, 3)
USERS = ("ana", "ben", "cleo", "dmitri", "esra", "femi", "grace", "hiro", "ines", "jonas")
CLIENTS = ("web", "ios", "android", "python-sdk")
USER_AGENTS = {
    "web": "Mozilla/5.0 (X11; Linux x86_64) Demo/1.0",
    "ios": "DemoApp/3.1 (iOS 19.1)",
    "android": "DemoApp/3.1 (Android 17)",
    "python-sdk": "demo-sdk/0.9 python/3.13",
}

ROUTES = (
    ("POST", "v1/memory", "add_memory", 201, 38.0, 8),
    ("POST", "v1/memory/search", "search_memory", 200, 61.0, 12),
    ("GET", "v1/memory", "get_memory", 200, 12.0, 14),
    ("PUT", "v1/memory", "update_memory", 200, 33.0, 3),
    ("DELETE", "v1/memory", "delete_memory", 204, 21.0, 2),
    ("POST", "v1/memory/batch", "add_memory_batch", 201, 240.0, 2),
    ("GET", "v1/users", "list_users", 200, 17.0, 3),
)
"""Method, route, operation type, status, median milliseconds, weight."""
FAILED_RESPONSES = (
    (400, None, 30),
    (404, None, 30),
    (401, None, 10),
    (500, "the index did not answer", 10),
    (503, "the pool of connections is exhausted", 5),
)
"""Status, error text, weight."""

TOOL_CLIENTS = ("editor", "terminal", "ci")
MODES = (
    ("full", (1.0, 1.0), 5),
    ("overview", (0.05, 0.15), 8),
    ("symbol", (0.02, 0.10), 10),
    ("references", (0.05, 0.25), 6),
    ("semantic", (0.10, 0.40), 6),
    ("tri_index", (0.03, 1.08), 3),
)
"""Mode, range of the remaining share of tokens (a small index may cost more than it saves), weight."""
FILES = (
    "src/app.py",
    "src/lessons/planner.py",
    "src/lessons/script.py",
    "src/video/render.py",
    "src/video/queue.py",
    "web/pages/lesson.tsx",
    "docs/internals/architecture.md",
    "tests/test_planner.py",
)

MODELS = (
    ("demo-small", 0.00015, 0.0006, 0.000075, 10),
    ("demo-large", 0.0025, 0.01, 0.00125, 5),
    ("demo-thinker", 0.011, 0.044, 0.0055, 1),
)
"""Model, US dollars per 1,000 tokens of input, output and cached input, weight."""
UNPRICED_MODEL = "demo-preview"
"""Model without a price, whose cost is unknown."""
QUESTIONS = (
    ("Explain photosynthesis to a ten-year-old.", "Plants make sugar from light, water and air."),
    ("Why is the sky blue?", "Air scatters blue light more than red light."),
    ("Give me three exercises on fractions.", "1) 1/2 + 1/3  2) 3/4 - 1/8  3) 2/5 of 30"),
    ("What is a prime number?", "A number above 1 that only 1 and itself divide."),
)

LESSONS = (
    ("Photosynthesis", "name what a plant takes in and gives off", 6),
    ("Fractions", "add fractions of different denominators", 5),
    ("The water cycle", "draw the way of water from sea to cloud and back", 4),
    ("Newton's first law", "tell motion from acceleration", 9),
    ("Cells", "name the parts of a plant cell", 7),
    ("Probability", "compute the chance of two independent events", 8),
    ("Volcanoes", "explain why magma rises", 6),
)
STUDENTS = ("Mila", "Noah", "Lin", "Omar", "Priya", "Sofia", "Tariq", "Yuki")

STAGES = (
    ("validation", 1, 0.6),
    ("rag_retrieval", 2, 1.8),
    ("script_generation", 4, 4.0),
    ("video_generation", 16, 9.0),
    ("video_processing", 5, 3.5),
    ("notification", 1, 0.5),
)
"""Stage, its weight in the progress of the request, median seconds."""
FAILURES = {
    "validation": ("the learning objective is empty", 0.01, False),
    "rag_retrieval": ("the search index answered too late", 0.05, True),
    "script_generation": ("the answer of the model was cut off", 0.06, True),
    "video_generation": ("the renderer lost a frame", 0.08, True),
    "video_processing": ("the codec ran out of memory", 0.05, True),
    "notification": ("the mail server refused the connection", 0.03, True),
}
"""Error of a stage, its probability, and whether it is retryable."""
BREAKER = "video-renderer"
