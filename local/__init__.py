"""What makes the product run on any machine: host, storage emulator, stand-ins. Nothing of it is deployed."""
