"""How far a head is turned, from its five landmarks."""

import numpy as np

# Left eye, right eye, nose tip and corners of the mouth of a mean face that looks ahead, in mm:
# x to the right of the picture, y down, z away from the camera. Across and down they are the mean
# crop (the ArcFace template) at 63 mm between the pupils; the depths are a mean head's.
HEAD = np.array(
    [[-31.5, 0, 0], [31.5, 0, 0], [0, 36, -39], [-26, 72.7, -7], [26, 72.7, -7]], np.float64
)
SEEN = 25  # degrees of yaw up to which a detector sees both eyes: beyond, one may be a guess
NEAR = 10  # degrees that yaw is off at most, in 95 of 100 frontal photos
PROFILE = 90
FLATTEST = 1e-9  # scale of a projection below which the landmarks lie on one point or line


def head_pose(landmarks: np.ndarray) -> np.ndarray:
    """Yaw, pitch and roll of k heads in degrees, (k, 3) float64; NaN where landmarks fall together.

    landmarks: (k, 5, 2) in pixels of the photo
    Yaw is positive where the face is turned to the right of the picture, pitch where it looks up,
    roll where it leans to the right, clockwise. A mean head is fitted under a scaled orthographic
    camera, so faces near the camera and heads unlike the mean are off by some degrees.
    """
    marks = landmarks.astype(np.float64)
    centred = marks - marks.mean(axis=1, keepdims=True)
    projection = np.einsum("kpi,pj->kij", centred, np.linalg.pinv(HEAD - HEAD.mean(axis=0)).T)
    angles = np.full((len(marks), 3), np.nan)
    sized = np.isfinite(projection).all(axis=(1, 2))
    sized[sized] = np.linalg.norm(projection[sized], axis=(1, 2)) > FLATTEST
    if not sized.any():
        return angles
    u, _, v = np.linalg.svd(projection[sized], full_matrices=False)
    rows = u @ v  # the nearest rows of a rotation, whatever the camera's scale
    depth = np.cross(rows[:, 0], rows[:, 1])
    yaw = np.arctan2(depth[:, 0], depth[:, 2])
    pitch = -np.arcsin(depth[:, 1].clip(-1, 1))
    roll = np.arctan2(-rows[:, 0, 1], rows[:, 1, 1])
    angles[sized] = np.degrees(np.stack([yaw, pitch, roll], axis=1))
    return angles


def yaw_range(yaw: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Between which degrees the true yaw lies, for yaws (k,) of `head_pose`: lowest, highest, (k,).

    Beyond 25 degrees the landmarks cannot tell how far: a detector guesses the hidden eye where a
    head turned by some 45 degrees would have it, also in profile. NaN stays.
    """
    far = np.abs(yaw) > SEEN
    low = np.where(far & (yaw < 0), np.minimum(yaw, -PROFILE), yaw - NEAR)
    high = np.where(far & (yaw > 0), np.maximum(yaw, PROFILE), yaw + NEAR)
    return low, high
