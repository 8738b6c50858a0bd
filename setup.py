# Copyright 2026 spike_depth_ros maintainers
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.

"""Install the package as ament_python expects it."""

from glob import glob

from setuptools import find_packages, setup

NAME = 'spike_depth_ros'
SHARE = f'share/{NAME}'

setup(
    name=NAME,
    version='0.1.0',
    description='Dense metric depth from event cameras by spiking neural networks',
    maintainer='spike_depth_ros maintainers',
    maintainer_email='spike_depth_ros@users.noreply.github.com',
    license='Apache-2.0',
    python_requires='>=3.11',
    packages=find_packages(include=[NAME, f'{NAME}.*']),
    data_files=[
        ('share/ament_index/resource_index/packages', [f'resource/{NAME}']),
        (SHARE, ['package.xml']),
        (f'{SHARE}/launch', glob('launch/*.launch.py')),
        (f'{SHARE}/config', glob('config/*.*')),
        (f'{SHARE}/config/datasets', glob('config/datasets/*.yaml')),
        (f'{SHARE}/config/simulation', glob('config/simulation/*.yaml')),
        (f'{SHARE}/config/training', glob('config/training/*.yaml')),
        (f'{SHARE}/models', glob('models/*.*')),
        (f'{SHARE}/demo/recording', glob('demo/recording/*')),
    ],
    install_requires=['setuptools'],
    extras_require={
        'h5': ['h5py', 'hdf5plugin'],
        'dv': ['dv-processing'],
        'rerun': ['rerun-sdk'],
        'teachers': ['transformers', 'timm'],
    },
    zip_safe=True,
    entry_points={
        'console_scripts': [
            f'binner = {NAME}.ros.executables:binner',
            f'camera = {NAME}.ros.executables:camera',
            f'depth = {NAME}.ros.executables:depth',
            f'pipeline = {NAME}.ros.executables:pipeline',
            f'replay = {NAME}.ros.executables:replay',
            f'spike-depth = {NAME}.cli:main',
        ],
    },
)
