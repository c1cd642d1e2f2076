// Azurite derives its SQL tables from sequelize's Model as it is loaded; nothing here is ever called.
exports.Model = class {};
