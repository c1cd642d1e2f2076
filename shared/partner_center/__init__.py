"""All that is known of Partner Center's API: its calls, its answers, its errors."""
