"""WeChat: the templates, the emulator, and our client against it over real HTTP."""
