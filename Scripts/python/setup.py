"""The tag of the wheel: any Python 3, and the platform that the program in it was built for."""
from setuptools import Distribution, setup
from setuptools.command.bdist_wheel import bdist_wheel


class ProgramWheel(bdist_wheel):
    def get_tag(self):
        return "py3", "none", super().get_tag()[2]


class ProgramDistribution(Distribution):
    def has_ext_modules(self):
        return True


setup(cmdclass={"bdist_wheel": ProgramWheel}, distclass=ProgramDistribution)
