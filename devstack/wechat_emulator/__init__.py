"""A stand-in for WeChat: api.weixin.qq.com, the message push, and a page on which one plays the user.

It keeps real state (codes that work once, tokens that overlap, credits that run out, followers, dedupe) and checks
what it is given with rules of its own, so that a mistake of the product shows here as it would at WeChat. All of it
survives a restart. `python -m devstack.wechat_emulator` listens where WUYOU_WECHAT_URL says.
"""
