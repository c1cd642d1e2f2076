"""Quick stand-ins of what the app talks to, each in a process of its own."""
