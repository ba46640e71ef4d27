// The one value, not a type, that the validators import. They look at what its names are.
export const ILivechatAgentStatus = { AVAILABLE: 'available', NOT_AVAILABLE: 'not-available' };
