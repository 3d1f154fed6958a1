"""The demo: two invented communities with people, places, a quarter's finished repairs and some that are under way.

`python -m devstack.demo` fills an empty database and leaves any other alone. Repairs under way are written at the stage
they have reached, as the rules themselves lead there; the relay then starts their workflows, which go on from it.
"""
